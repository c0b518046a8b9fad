// The same function in each language: see ../node/index.mjs. With AWS's library for Go.
package main

import "github.com/aws/aws-lambda-go/lambda"

type item struct {
	Name  string  `json:"name"`
	Price float64 `json:"price"`
}

type event struct {
	Work  string `json:"work"`
	Below int    `json:"below"`
	Items []item `json:"items"`
}

type lightAnswer struct {
	Count int     `json:"count"`
	Total float64 `json:"total"`
	Items []item  `json:"items"`
}

type heavyAnswer struct {
	Primes int `json:"primes"`
}

func primesBelow(limit int) int {
	count := 0
	if limit > 2 {
		count = 1
	}
	for n := 3; n < limit; n += 2 {
		isPrime := true
		for d := 3; d*d <= n; d += 2 {
			if n%d == 0 {
				isPrime = false
				break
			}
		}
		if isPrime {
			count++
		}
	}
	return count
}

func handle(given event) (any, error) {
	if given.Work == "heavy" {
		return heavyAnswer{primesBelow(given.Below)}, nil
	}
	answer := lightAnswer{Count: len(given.Items), Items: given.Items}
	for _, one := range given.Items {
		answer.Total += one.Price
	}
	return answer, nil
}

func main() { lambda.Start(handle) }
